/* Which frame is shown, and going to another one. */

const TOLERANCE = 0.002; // s; a container may round its time stamps to milliseconds

/** Time that passes without a video: what the clock needs of a <video>. */
class StandIn extends EventTarget {
  constructor(duration) {
    super();
    Object.assign(this, { duration, currentTime: 0, playbackRate: 1, paused: true });
  }

  get ended() {
    return this.currentTime >= this.duration;
  }

  play() {
    if (!this.paused) return;
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    let before = performance.now();
    const step = (now) => {
      if (this.paused) return;
      this.currentTime += ((now - before) / 1000) * this.playbackRate;
      before = now;
      this.currentTime = Math.min(this.currentTime, this.duration);
      if (this.ended) this.pause();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pause() {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

/** Frames by their position, 0 to T - 1; -1 where none that was looked at is shown. */
class Clock extends EventTarget {
  constructor(report) {
    super();
    this.times = report.times;
    this.end = report.end;
    this.position = -1;
    this.player = new StandIn(report.end);
    this.player.currentTime = this.times[0];
    this.listen();
  }

  /** Take the time from a video from now on, or from none. */
  use(player) {
    this.player.pause();
    player.playbackRate = this.player.playbackRate;
    this.player = player;
    this.listen();
  }

  listen() {
    const player = this.player;
    const mine = (act) => (event) => player === this.player && act(event);
    const tell = mine((event) => {
      // A player's time may be a frame before the image that it showed last: the
      // image, the time and the boxes meet in that one.
      const isBetween = event.type === 'pause' && !player.ended && !player.seeking;
      if (isBetween && this.position >= 0) this.seek(this.position);
      else if (player.paused) this.show(this.standing());
      this.dispatchEvent(new Event('playing'));
    });
    for (const name of ['play', 'pause', 'ended']) player.addEventListener(name, tell);
    player.addEventListener('seeked', mine(() => this.show(this.standing())));
    if (player.requestVideoFrameCallback) {
      // The time of the very image that is on the screen, so that no box runs ahead.
      const next = mine((frame) => {
        // While it stands or seeks, the image of an earlier moment may come in late.
        if (!player.paused && !player.seeking) this.show(frame.mediaTime);
        player.requestVideoFrameCallback((_, info) => next(info));
      });
      player.requestVideoFrameCallback((_, info) => next(info));
      return;
    }
    const poll = mine(() => {
      if (!player.paused && !player.seeking) this.show(player.currentTime);
      requestAnimationFrame(poll);
    });
    requestAnimationFrame(poll);
  }

  /** Where a player stands; at its end that is in its last image, not behind it. */
  standing() {
    const { currentTime, ended } = this.player;
    const last = this.times[this.times.length - 1];
    const isLast = ended && currentTime < 2 * this.end - last;
    return isLast ? Math.min(currentTime, last) : currentTime;
  }

  positionAt(seconds) {
    const time = seconds + TOLERANCE;
    if (time < this.times[0] || time >= this.end) return -1;
    let [low, high] = [0, this.times.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.times[middle] <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  show(seconds) {
    const position = this.positionAt(seconds);
    if (position === this.position) return;
    this.position = position;
    this.dispatchEvent(new Event('frame'));
  }

  seek(position) {
    const k = Math.max(0, Math.min(position, this.times.length - 1));
    const next = k + 1 < this.times.length ? this.times[k + 1] : this.end;
    // A little into the frame: at its very start rounding may show the one before.
    const inside = Math.min((next - this.times[k]) / 4, 0.005);
    this.player.currentTime = this.times[k] + inside;
    this.show(this.times[k]);
  }

  /** To the frame shown at a time. */
  seekTime(seconds) {
    const position = this.positionAt(Math.max(this.times[0], seconds));
    this.seek(position < 0 ? this.times.length - 1 : position);
  }

  step(frames) {
    this.player.pause();
    this.seek(this.position + frames);
  }

  toggle() {
    const player = this.player;
    if (!player.paused) return player.pause();
    if (this.position < 0 || this.position === this.times.length - 1) this.seek(0);
    return player.play();
  }
}
