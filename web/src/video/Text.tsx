import { pieces } from "./pieces";

/** What somebody wrote, as text: addresses become links, times lead there. Never taken for HTML. */
export function Text({ text, onTime }: { text: string; onTime?: (seconds: number) => void }) {
  return pieces(text).map((piece, at) => {
    const key = `${at}`;
    if (piece.kind === "link") {
      return (
        <a key={key} href={piece.text} target="_blank" rel="noopener noreferrer nofollow ugc">
          {piece.text}
        </a>
      );
    }
    if (piece.kind === "time" && onTime) {
      return (
        <button key={key} type="button" onClick={() => onTime(piece.seconds)}>
          {piece.text}
        </button>
      );
    }
    return <span key={key}>{piece.text}</span>;
  });
}
