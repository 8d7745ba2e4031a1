import type { ReactNode } from "react";
import { Redirect, useLocation } from "wouter";

import { useSignedIn } from "../api/session";
import { signInFor } from "./paths";

/** Sends who is not signed in to sign in first, and back afterwards. */
export function RequireSignIn({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  return useSignedIn() ? children : <Redirect to={signInFor(path)} replace />;
}
