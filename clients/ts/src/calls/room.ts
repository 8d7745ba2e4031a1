/** How many streams may stay open to an installation at once. */
import type { Transport } from "@connectrpc/connect";

/** Of a browser's six connections to a host by HTTP/1.1; each stream keeps one for itself. */
const FEW = 2;

/** A number of places. */
export class StreamRoom {
  private taken = 0;

  constructor(private readonly most: number) {}

  /** Takes a place, if there is one. */
  take(): boolean {
    if (this.taken >= this.most) return false;
    this.taken += 1;
    return true;
  }

  /** Gives one back. */
  leave(): void {
    this.taken -= 1;
  }
}

const rooms = new WeakMap<Transport, StreamRoom>();

/** The one of a transport. */
export function roomOf(transport: Transport): StreamRoom {
  const room = rooms.get(transport) ?? new StreamRoom(placesHere());
  rooms.set(transport, room);
  return room;
}

function placesHere(): number {
  if (typeof document === "undefined") return Number.POSITIVE_INFINITY;
  const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // HTTP/2 and 3 carry any number of calls by one connection.
  return /^h[23]/.test(page?.nextHopProtocol ?? "") ? Number.POSITIVE_INFINITY : FEW;
}
