import "@fontsource-variable/figtree";
import "./design/tokens.css";
import "./design/base.css";

import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { makeQueries } from "./api/queries";
import { SessionProvider } from "./api/session";
import { makeSession, makeTransport } from "./api/transport";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";
import { Toasts } from "./ui/toasts";

applyTheme();

const session = makeSession();
const queries = makeQueries();
// What was remembered belongs to who was signed in.
session.subscribe(() => void queries.resetQueries());

const root = document.getElementById("app");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <SessionProvider value={session}>
        <TransportProvider transport={makeTransport(session)}>
          <QueryClientProvider client={queries}>
            <Toasts>
              <App />
            </Toasts>
          </QueryClientProvider>
        </TransportProvider>
      </SessionProvider>
    </StrictMode>,
  );
}
