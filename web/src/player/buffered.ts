/** How far the data reach without a gap from where it plays, seconds. */
export function bufferedAt({ buffered, currentTime }: HTMLVideoElement): number {
  for (let at = 0; at < buffered.length; at += 1) {
    if (buffered.start(at) <= currentTime + 0.1 && currentTime < buffered.end(at)) return buffered.end(at);
  }
  return currentTime;
}
