export default function P(_: { videoId?: string; handle?: string }) { return <h1>channel/Channel</h1>; }
