/** The uploads of the page, loaded when they are first wanted. */
import type { Transport } from "@connectrpc/connect";
import type { CookieSession } from "@vidmesh/client";
import { createContext, use, useContext, useSyncExternalStore } from "react";

import type { Item, Uploads } from "./uploads";

export type Load = () => Promise<Uploads>;

const Context = createContext<Load>(() => Promise.reject(new Error("There are no uploads around this part of the page.")));

export const UploadsProvider = Context;

/** Loads them once. */
export function makeUploads(transport: Transport, session: CookieSession): Load {
  let made: Promise<Uploads> | undefined;
  return () => {
    made ??= import("./uploads").then(({ Uploads }) => new Uploads(transport, session));
    return made;
  };
}

/** Suspends until they are loaded. */
export const useUploads = (): Uploads => use(useContext(Context)());

export function useItems(uploads: Uploads): readonly Item[] {
  return useSyncExternalStore(uploads.subscribe, uploads.current);
}
