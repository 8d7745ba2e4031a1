export default function P(_: { videoId?: string; handle?: string }) { return <h1>embed/Embed</h1>; }
