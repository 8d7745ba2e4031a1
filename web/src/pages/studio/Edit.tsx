export default function P(_: { videoId?: string; handle?: string }) { return <h1>studio/Edit</h1>; }
