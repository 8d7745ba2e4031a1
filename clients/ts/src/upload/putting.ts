/** One PUT of bytes to the store. */

/** What is told of one attempt. */
export interface Put {
  /** The answer's status; 0 where the connection failed. */
  readonly status: number;
  /** Bytes that had left. */
  readonly sent: number;
}

export interface PutOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob | Uint8Array<ArrayBuffer>;
  /** Told bytes as they leave, each time how many more. */
  readonly moved: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Puts bytes; rejects with the signal's reason where it is aborted, and never otherwise. */
export type Putting = (options: PutOptions) => Promise<Put>;

/** Set by whoever sends, and refused from scripts (Fetch, forbidden request-header). */
const NOT_OURS = new Set(["content-length", "host"]);

/** A connection on which nothing moves for so long is given up. */
export const IDLE_MS = 30_000;

/** Bytes a millisecond: 128 kbit/s. Without word of single bytes, a slower connection is taken for a dead one. */
const SLOWEST = 16;

/** With fetch: tells bytes only when all have left. */
export const putByFetch: Putting = async ({ url, headers, body, moved, signal }) => {
  const size = body instanceof Blob ? body.size : body.byteLength;
  const limit = AbortSignal.timeout(IDLE_MS + Math.ceil(size / SLOWEST));
  try {
    const own = Object.entries(headers).filter(([name]) => !NOT_OURS.has(name));
    const together = AbortSignal.any([signal, limit]);
    const answer = await fetch(url, { method: "PUT", headers: Object.fromEntries(own), body, signal: together });
    await answer.arrayBuffer();
    moved(size);
    return { status: answer.status, sent: size };
  } catch {
    signal.throwIfAborted();
    return { status: 0, sent: 0 };
  }
};

/** With XMLHttpRequest, which alone tells a browser's pages how many bytes have left. */
export const putByXhr: Putting = ({ url, headers, body, moved, signal }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let sent = 0;
    let idle: ReturnType<typeof setTimeout>;
    const alive = () => {
      clearTimeout(idle);
      idle = setTimeout(() => request.abort(), IDLE_MS);
    };
    const stop = () => request.abort();
    const ended = () => {
      clearTimeout(idle);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ status: request.status, sent });
    };
    request.upload.onprogress = ({ loaded }) => {
      alive();
      moved(loaded - sent);
      sent = loaded;
    };
    request.onloadend = ended;
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      if (!NOT_OURS.has(name)) request.setRequestHeader(name, value);
    }
    signal.addEventListener("abort", stop, { once: true });
    alive();
    request.send(body);
    if (signal.aborted) stop();
  });
