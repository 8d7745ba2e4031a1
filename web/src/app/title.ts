import { useEffect } from "react";

/** Names the page in the window's title and in the history. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · vidmesh` : "vidmesh";
  }, [title]);
}
