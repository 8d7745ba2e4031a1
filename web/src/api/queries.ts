/** How long answers are remembered. The transport asks again by itself where that may help. */
import { QueryClient } from "@tanstack/react-query";

import { isPassing } from "./errors";

const FRESH_MS = 30_000;
const AGAIN_MS = 5000;

/** A page whose installation was away recovers by itself. */
export const untilAnswered = (error: unknown): number | false => (error && isPassing(error) ? AGAIN_MS : false);

export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: false, refetchInterval: ({ state }) => untilAnswered(state.error) },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
