export default function P(_: { videoId?: string; handle?: string }) { return <h1>studio/Studio</h1>; }
