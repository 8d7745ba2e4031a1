/**
 * The whole road: sign in, upload a file, follow its processing, play it.
 *
 *     VIDMESH_EMAIL=you@example.org VIDMESH_PASSWORD=… node road.mjs http://127.0.0.1:8080 clip.mp4
 */
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { createClient, createTransport, TokenSession, Uploader, watchProcessing } from "@vidmesh/client";
import { FolderJournal, PathSource } from "@vidmesh/client/node";
import { PlaybackService } from "@vidmesh/client/vidmesh/playback/v1/playback_service_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";

const [edgeUrl, path] = process.argv.slice(2);
const { VIDMESH_EMAIL: email, VIDMESH_PASSWORD: password } = process.env;
if (!edgeUrl || !path || !email || !password) {
  console.error("VIDMESH_EMAIL=… VIDMESH_PASSWORD=… node road.mjs http://127.0.0.1:8080 clip.mp4");
  process.exit(2);
}

const session = new TokenSession(edgeUrl);
await session.signIn(email, password, "the example in JavaScript");
const transport = createTransport({ edgeUrl, session });
const { channels } = await createClient(ChannelService, transport).listMyChannels({});

// Ended at any moment and started again, it goes on where it was.
const journal = new FolderJournal(join(homedir(), ".cache", "vidmesh-example"));
const uploader = new Uploader({ edgeUrl, transport, session, journal });
const upload = uploader.begin(await PathSource.open(path), channels[0].channelId, { title: "From JavaScript" });
upload.subscribe(() => {
  const { phase, confirmed, total } = upload.snapshot;
  console.log(`${phase}: ${confirmed} of ${total} bytes are there`);
});
const { videoId } = await upload.done;

for await (const processing of watchProcessing(transport, videoId)) {
  console.log(`processing: ${Math.round(processing.progress * 100)} %`);
}
const { playback } = await createClient(PlaybackService, transport).getPlayback({ videoId });
const playlist = await (await fetch(playback.hlsUrl)).text();
console.log(`${videoId}: ${playback.tracks.map(({ quality }) => quality).join(", ")}`);
console.log(playlist.startsWith("#EXTM3U") ? `plays: ${playback.hlsUrl}` : "does not play");
await session.signOut();
