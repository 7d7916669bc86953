// The camera: a live picture, of which the square in the middle is read.

const GUIDE = 0.7; // of the shorter side of the picture
const PAUSE = 100; // milliseconds between two readings

/**
 * Shows the camera, and calls `frame` with the pixels in the guide some times a second; `failed`
 * with a sentence to show where there is no camera, or no longer.
 */
class Camera {
  constructor(video, frame, failed) {
    this.video = video;
    this.frame = frame;
    this.failed = failed;
    this.request = null; // the latest, until the camera is stopped
    this.stream = null;
  }

  /** Ask for the camera, and show it unless it is stopped or started again in the meantime. */
  async start() {
    this.stop();
    const request = (this.request = {});
    let stream;
    try {
      stream = await openCamera();
      if (this.request !== request) return closeCamera(stream);
      for (const track of stream.getTracks())
        track.addEventListener("ended", () => this.#fail(request, "ended"));
      this.stream = this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      return this.#fail(request, error.name);
    }
    this.#read(stream);
  }

  stop() {
    if (this.stream) closeCamera(this.stream);
    this.request = this.stream = this.video.srcObject = null;
  }

  #fail(request, reason) {
    if (this.request !== request) return; // of no more interest
    this.stop();
    const name = `camera-${reason}`;
    this.failed(word("withoutCamera", { reason: word(name in WORDS ? name : "camera-other") }));
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

/** Return the stream of the camera, once it is allowed and on. */
async function openCamera() {
  if (!navigator.mediaDevices) throw new DOMException("", "insecure");
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 } },
  });
}

function closeCamera(stream) {
  for (const track of stream.getTracks()) track.stop();
}
