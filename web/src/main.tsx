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
import { makeUploads, UploadsProvider } from "./upload/context";

applyTheme();

const session = makeSession();
const transport = makeTransport(session);
const uploads = makeUploads(transport, session);
const queries = makeQueries();
// What was remembered belongs to who was signed in.
session.subscribe(() => void queries.resetQueries());

const root = document.getElementById("app");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <SessionProvider value={session}>
        <TransportProvider transport={transport}>
          <QueryClientProvider client={queries}>
            <UploadsProvider value={uploads}>
              <Toasts>
                <App />
              </Toasts>
            </UploadsProvider>
          </QueryClientProvider>
        </TransportProvider>
      </SessionProvider>
    </StrictMode>,
  );
}
