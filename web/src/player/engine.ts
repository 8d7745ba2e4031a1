/** hls.js as the player uses it: what there is to choose from, and grants that are renewed under way. */
import type { Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { TrackKind } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import Hls, { ErrorTypes, Events, type ErrorData } from "hls.js";

import { grantIn, withGrant } from "./grant";

export interface Choices {
  /** Best first. */
  readonly qualities: readonly { level: number; name: string }[];
  /** The level that was asked for; -1 where the player judges by itself. */
  readonly picked: number;
  /** The quality that is shown; empty before the first frame. */
  readonly shown: string;
  readonly sounds: readonly { track: number; name: string }[];
  readonly sound: number;
}

export interface Listener {
  changed: () => void;
  /** The grant is not taken any more. */
  refused: () => void;
  /** Playing cannot go on. */
  failed: (code: string) => void;
}

const NOTHING: Choices = { qualities: [], picked: -1, shown: "", sounds: [], sound: 0 };
const REFUSED = new Set([401, 403]);

export class Engine {
  private readonly hls: Hls;
  private playback: Playback;
  private choices: Choices = NOTHING;
  private recovered = 0;

  /** Throws where the browser has no Media Source Extensions. */
  constructor(
    private readonly video: HTMLVideoElement,
    playback: Playback,
    at: number,
    private readonly listener: Listener,
  ) {
    if (!Hls.isSupported()) throw new Error("NO_MEDIA_SOURCE");
    this.playback = playback;
    this.hls = new Hls({
      // Segments are played as they come, so there is nothing for a worker to do but to be waited for.
      enableWorker: false,
      startPosition: at,
      startFragPrefetch: true,
      testBandwidth: false,
      capLevelToPlayerSize: true,
      maxBufferLength: 30,
      backBufferLength: 60,
      xhrSetup: (xhr, url) => xhr.open("GET", withGrant(url, grantIn(this.playback.hlsUrl)), true),
    });
    this.hls.on(Events.MANIFEST_PARSED, () => this.begun());
    this.hls.on(Events.LEVEL_SWITCHED, (_, { level }) => this.show({ shown: this.nameOf(level) }));
    this.hls.on(Events.AUDIO_TRACK_SWITCHED, () => this.show({ sound: this.hls.audioTrack }));
    this.hls.on(Events.ERROR, (_, data) => this.wrong(data));
    this.hls.attachMedia(video);
    this.hls.loadSource(playback.hlsUrl);
  }

  /** The same object as long as nothing changed. */
  get now(): Choices {
    return this.choices;
  }

  /** One quality from now on, or the player's own judgement (-1). What is buffered ahead is replaced. */
  pick(level: number): void {
    this.hls.nextLevel = level;
    this.show({ picked: level });
  }

  pickSound(track: number): void {
    this.hls.audioTrack = track;
  }

  /** Goes on by a newer grant; where there are more qualities by now, loads what there is. */
  renew(playback: Playback): void {
    const more = playback.manifestGeneration > this.playback.manifestGeneration;
    this.playback = playback;
    if (!more) return this.hls.startLoad();
    const { currentTime, paused } = this.video;
    this.choices = NOTHING;
    this.hls.config.startPosition = currentTime;
    this.hls.loadSource(playback.hlsUrl);
    if (!paused) void this.video.play().catch(() => undefined);
  }

  destroy(): void {
    this.hls.destroy();
  }

  private begun(): void {
    const start = this.hls.levels.findIndex((_, level) => this.nameOf(level) === this.playback.startQuality);
    if (start >= 0) this.hls.startLevel = start;
    const qualities = this.hls.levels.map((_, level) => ({ level, name: this.nameOf(level) })).reverse();
    const sounds = this.hls.audioTracks.map(({ name, lang }, track) => ({ track, name: name || lang || String(track + 1) }));
    this.show({ qualities, sounds, picked: -1, sound: Math.max(0, this.hls.audioTrack) });
  }

  private nameOf(level: number): string {
    const found = this.hls.levels[level];
    if (!found) return "";
    const track = this.playback.tracks.find((one) => one.kind === TrackKind.VIDEO && one.width === found.width && one.height === found.height);
    return track?.quality ?? `${Math.min(found.width, found.height)}p`;
  }

  private wrong(data: ErrorData): void {
    if (data.response && REFUSED.has(data.response.code ?? 0)) return this.listener.refused();
    if (!data.fatal) return;
    // Decoders stumble; once or twice they may be helped up.
    if (data.type === ErrorTypes.MEDIA_ERROR && this.recovered++ < 2) return this.hls.recoverMediaError();
    this.listener.failed(data.details);
  }

  private show(change: Partial<Choices>): void {
    this.choices = { ...this.choices, ...change };
    this.listener.changed();
  }
}
