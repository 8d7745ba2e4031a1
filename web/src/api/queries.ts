/** How long answers are remembered. The transport asks again by itself where that may help. */
import { QueryClient } from "@tanstack/react-query";

const FRESH_MS = 30_000;

export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: false },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
