/** hls.js as the player uses it: what there is to choose from, and grants and manifests that are renewed under way. */
import type { Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { TrackKind } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import Hls, { ErrorTypes, Events, type ErrorData } from "hls.js";

import { storage } from "../app/storage";
import { keepWish, type Offered, trackFor, wishIn } from "./captions";
import { bufferedAt } from "./buffered";
import { grantIn, withGrant } from "./grant";
import { Stillness } from "./stillness";

export interface Choices {
  /** Best first. */
  readonly qualities: readonly { level: number; name: string }[];
  /** The level that was asked for; -1 where the player judges by itself. */
  readonly picked: number;
  /** The quality that is shown; empty before the first frame. */
  readonly shown: string;
  readonly sounds: readonly { track: number; name: string }[];
  readonly sound: number;
  readonly captions: readonly Offered[];
  /** Which of them is shown; -1 where none is. */
  readonly caption: number;
}

export interface Listener {
  changed: () => void;
  /** The grant is not taken any more. */
  refused: () => void;
  /** From here until `reloaded` the element is emptied and filled again: what it shows and tells means nothing. */
  reloading: () => void;
  reloaded: () => void;
  /** Playing cannot go on. */
  failed: (code: string) => void;
}

const NOTHING: Choices = { qualities: [], picked: -1, shown: "", sounds: [], sound: 0, captions: [], caption: -1 };
const REFUSED = new Set([401, 403]);
/** With waits of up to 5 s: an edge may be away for a minute and a half. */
const MOST_FAILURES = 20;
const FILLED = ["loadeddata", "canplay", "seeked"];

export class Engine {
  private readonly hls: Hls;
  private playback: Playback;
  private choices: Choices = NOTHING;
  private recovered = 0;
  private failures = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  /** By name, because numbers change with the manifest. */
  private wanted: { quality?: string | undefined; sound?: string | undefined } = {};
  /** Something of another quality than the picked one may be buffered still. */
  private leftovers = false;
  /** There is a newer manifest for when somebody plays on. */
  private due = false;
  /** The file of captions that is shown. */
  private captions: HTMLTrackElement | undefined;
  private readonly events = new AbortController();
  private readonly stillness: Stillness;

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
      // Captions are files of their own, which browsers show by themselves: `showCaption`.
      subtitleTrackController: undefined,
      subtitleStreamController: undefined,
      timelineController: undefined,
      xhrSetup: (xhr, url) => {
        xhr.addEventListener("progress", () => this.stillness.moved());
        xhr.open("GET", withGrant(url, grantIn(this.playback.hlsUrl)), true);
      },
    });
    this.stillness = new Stillness(video, () => this.reload());
    this.hls.on(Events.MANIFEST_PARSED, () => this.begun());
    this.hls.on(Events.LEVEL_SWITCHED, (_, { level }) => this.show({ shown: this.nameOf(level) }));
    this.hls.on(Events.AUDIO_TRACK_SWITCHED, () => this.show({ sound: this.hls.audioTrack }));
    this.hls.on(Events.FRAG_BUFFERED, () => (this.failures = 0));
    for (const event of [Events.MANIFEST_PARSED, Events.LEVEL_LOADED, Events.FRAG_BUFFERED, Events.ERROR] as const) this.hls.on(event, () => this.stillness.moved());
    this.hls.on(Events.ERROR, (_, data) => this.wrong(data));
    video.addEventListener("seeking", () => this.sought(), this.events);
    addEventListener("online", () => this.again !== undefined && this.load(), this.events);
    this.hls.attachMedia(video);
    this.hls.loadSource(playback.hlsUrl);
  }

  /** The same object as long as nothing changed. */
  get now(): Choices {
    return this.choices;
  }

  /** One quality from now on, or the player's own judgement (-1). What is buffered ahead is replaced. */
  pick(level: number): void {
    this.wanted.quality = level < 0 ? undefined : this.nameOf(level);
    // hls.js replaces nothing near the end, and nothing behind: that is left for when somebody goes there.
    this.leftovers = level >= 0;
    this.hls.nextLevel = level;
    this.show({ picked: level });
  }

  pickSound(track: number): void {
    this.wanted.sound = this.choices.sounds[track]?.name;
    this.hls.audioTrack = track;
  }

  /** Shows a track of captions, or none (-1), from now on and in other videos too. */
  pickCaption(track: number): void {
    const language = this.choices.captions[track]?.language ?? wishIn(storage).language;
    keepWish(storage, { on: track >= 0, language });
    this.showCaption(track);
  }

  /** Captions off, or on again; the track that is shown then, undefined where there is none. */
  toggleCaptions(): Offered | undefined {
    const { captions, caption } = this.choices;
    this.pickCaption(caption >= 0 ? -1 : trackFor(captions, wishIn(storage).language, navigator.languages));
    return captions[this.choices.caption];
  }

  /** Goes on by a newer grant. Nobody notices. */
  renew(playback: Playback): void {
    this.playback = playback;
    this.load();
  }

  /**
   * Loads a newer manifest: time, pause, speed and what was picked stay as they are. A video that has ended is left
   * alone until somebody plays it again.
   */
  upgrade(playback: Playback): void {
    this.playback = playback;
    this.due = true;
    if (!this.video.ended) this.reload();
  }

  destroy(): void {
    clearTimeout(this.again);
    this.stillness.end();
    this.events.abort();
    this.captions?.remove();
    this.hls.destroy();
  }

  /** Where somebody is; an element that is empty does not know. */
  private get position(): number {
    return this.video.readyState > 0 ? this.video.currentTime : this.hls.config.startPosition;
  }

  private load(): void {
    clearTimeout(this.again);
    this.again = undefined;
    if (this.hls.levels.length === 0) this.hls.loadSource(this.playback.hlsUrl);
    else this.hls.startLoad(this.position);
  }

  private reload(): void {
    const { paused, playbackRate } = this.video;
    this.due = false;
    this.leftovers = false;
    this.listener.reloading();
    this.hls.config.startPosition = this.position;
    this.hls.loadSource(this.playback.hlsUrl);
    // Emptying an element stops it, and sets its speed back.
    this.video.playbackRate = playbackRate;
    if (!paused) void this.video.play().catch(() => undefined);
    const filled = new AbortController();
    const look = () => {
      if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || this.video.seeking) return;
      filled.abort();
      // The picture is there; it is on the screen by the frame after the next.
      requestAnimationFrame(() => requestAnimationFrame(() => this.listener.reloaded()));
    };
    this.events.signal.addEventListener("abort", () => filled.abort(), filled);
    for (const event of FILLED) this.video.addEventListener(event, look, filled);
  }

  private sought(): void {
    // Emptying a buffer where it plays would not do: Chromium goes on with what it has read of it.
    if (this.due || (this.leftovers && bufferedAt(this.video) > this.video.currentTime)) this.reload();
  }

  private begun(): void {
    const { quality, sound } = this.wanted;
    const named = (name: string) => this.hls.levels.findIndex((_, level) => this.nameOf(level) === name);
    const picked = quality === undefined ? -1 : named(quality);
    if (picked >= 0) this.hls.loadLevel = picked;
    // A manifest that is loaded under way begins with what the network has shown to carry.
    this.hls.startLevel = picked >= 0 || this.choices !== NOTHING ? picked : named(this.playback.startQuality);
    // A size that is there in several codecs is one choice: the one that hls.js has first.
    const qualities = this.hls.levels.map((_, level) => ({ level, name: this.nameOf(level) })).filter(({ level, name }) => named(name) === level).reverse();
    const sounds = this.hls.audioTracks.map(({ name, lang }, track) => ({ track, name: name || lang || String(track + 1) }));
    const chosen = sounds.find(({ name }) => name === sound)?.track;
    if (chosen !== undefined) this.hls.audioTrack = chosen;
    this.captioned();
    this.show({ qualities, sounds, picked, sound: chosen ?? Math.max(0, this.hls.audioTrack) });
  }

  private captioned(): void {
    const captions = this.playback.tracks.filter(({ kind }) => kind === TrackKind.CAPTIONS);
    this.show({ captions });
    const { on, language } = wishIn(storage);
    this.showCaption(on ? trackFor(captions, language, navigator.languages) : -1);
  }

  private showCaption(track: number): void {
    const found = this.choices.captions[track];
    this.captions?.remove();
    this.captions = undefined;
    if (found) {
      this.captions = document.createElement("track");
      this.captions.kind = "subtitles";
      this.captions.label = found.label;
      this.captions.srclang = found.language;
      this.captions.src = withGrant(found.url, grantIn(this.playback.hlsUrl));
      this.video.append(this.captions);
      this.captions.track.mode = "showing";
    }
    this.show({ caption: found ? track : -1 });
  }

  private nameOf(level: number): string {
    const found = this.hls.levels[level];
    if (!found) return "";
    const track = this.playback.tracks.find((one) => one.kind === TrackKind.VIDEO && one.width === found.width && one.height === found.height);
    return track?.quality ?? `${Math.min(found.width, found.height)}p`;
  }

  private wrong(data: ErrorData): void {
    const code = data.response?.code ?? 0;
    if (REFUSED.has(code)) return this.listener.refused();
    if (!data.fatal) return;
    // Decoders stumble; once or twice they may be helped up.
    if (data.type === ErrorTypes.MEDIA_ERROR && this.recovered++ < 2) {
      this.hls.recoverMediaError();
      // By itself it would not at the beginning.
      return this.hls.startLoad(this.position);
    }
    // The edge is away, or not quite back. hls.js itself gives up at once.
    const passing = data.type === ErrorTypes.NETWORK_ERROR && (code === 0 || code === 429 || code >= 500);
    if (!passing || this.failures >= MOST_FAILURES) return this.listener.failed(data.details);
    const wait = Math.min(5000, 500 * 2 ** this.failures++);
    this.again ??= setTimeout(() => this.load(), wait);
  }

  private show(change: Partial<Choices>): void {
    this.choices = { ...this.choices, ...change };
    this.listener.changed();
  }
}
