import { useCallback, useEffect, useState } from "react";

import { loadTiles, type Tile } from "./storyboard";

const NONE: readonly Tile[] = [];

/** The storyboard's tiles once somebody wants them; none before, and where there is no storyboard (an empty address). */
export function useTiles(url: string): { tiles: readonly Tile[]; want: () => void } {
  const [wanted, setWanted] = useState(false);
  const [loaded, setLoaded] = useState({ name: "", tiles: NONE });
  // The same file by another grant is the same storyboard.
  const name = url.replace(/^.*\/v\//, "");
  const have = loaded.name === name;

  useEffect(() => {
    if (!wanted || !url || have) return;
    let left = false;
    void loadTiles(url).then((tiles) => left || setLoaded({ name, tiles }));
    return () => {
      left = true;
    };
  }, [wanted, url, name, have]);

  return { tiles: have ? loaded.tiles : NONE, want: useCallback(() => setWanted(true), []) };
}
