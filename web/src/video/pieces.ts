/** Plain text taken apart into words, addresses and times. */
export type Piece = { kind: "words" | "link"; text: string } | { kind: "time"; text: string; seconds: number };

const FOUND = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])|((?<![\d:.])(?:\d{1,2}:)?\d{1,2}:\d{2}(?![\d:]))/g;

export function pieces(text: string): Piece[] {
  const all: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(FOUND)) {
    if (match.index > from) all.push({ kind: "words", text: text.slice(from, match.index) });
    const [whole, link] = match;
    all.push(link ? { kind: "link", text: whole } : { kind: "time", text: whole, seconds: seconds(whole) });
    from = match.index + whole.length;
  }
  if (from < text.length) all.push({ kind: "words", text: text.slice(from) });
  return all;
}

const seconds = (clock: string): number => clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
