// The camera: a live picture, of which the square in the middle is read.
"use strict";

const GUIDE = 0.7; // of the shorter side of the picture
const PAUSE = 100; // milliseconds between two readings

/** Shows the camera, and calls `frame` with the pixels in the guide some times a second. */
class Camera {
  constructor(video, frame) {
    this.video = video;
    this.frame = frame;
    this.stream = null;
  }

  /** Ask for the camera; throws an Error with a sentence to show where there is none. */
  async start() {
    if (!navigator.mediaDevices) throw new Error(SENTENCES.insecure);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
    } catch (error) {
      throw new Error(SENTENCES[error.name] ?? SENTENCES.other);
    }
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    this.#read(stream);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.video.srcObject = null;
  }

  /** Read frames until the stream is no longer the one that is shown. */
  #read(stream) {
    if (this.stream !== stream) return;
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth && !document.hidden) {
      const side = GUIDE * Math.min(videoWidth, videoHeight);
      const corner = [(videoWidth - side) / 2, (videoHeight - side) / 2];
      const size = Math.min(WORKING_SIDE, Math.round(side));
      this.frame(pixelsOf(this.video, [...corner, side, side], size, size));
    }
    setTimeout(() => this.#read(stream), PAUSE);
  }
}

const SENTENCES = {
  NotAllowedError: "The camera was refused. Drawing and pictures work without it.",
  NotFoundError: "There is no camera here. Drawing and pictures work without it.",
  NotReadableError: "The camera is in use elsewhere. Drawing and pictures work without it.",
  insecure:
    "The browser gives pages from here no camera: open the page over https or from disk. " +
    "Drawing and pictures work without it.",
  other: "The camera cannot be used. Drawing and pictures work without it.",
};
