export default function P(_: { videoId?: string; handle?: string }) { return <h1>home/Home</h1>; }
