export default function P(_: { videoId?: string; handle?: string }) { return <h1>account/Account</h1>; }
