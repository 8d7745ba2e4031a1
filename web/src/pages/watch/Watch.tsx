export default function P(_: { videoId?: string; handle?: string }) { return <h1>watch/Watch</h1>; }
