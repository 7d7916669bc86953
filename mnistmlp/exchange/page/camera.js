// The camera: a live picture, read in the square in the middle.

const GUIDE = 0.7; // of the picture's shorter side
const PAUSE = 100; // milliseconds between readings

/**
 * Shows the camera, and calls `frame` with the pixels in the guide several times a second, and
 * `failed` with a sentence to show if there is no camera, or no longer.
 */
class Camera {
  constructor(video, frame, failed) {
    this.video = video;
    this.frame = frame;
    this.failed = failed;
    this.request = null; // the current one, until the camera is stopped
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
    if (this.request !== request) return; // no longer of interest
    this.stop();
    const name = `camera-${reason}`;
    this.failed(word("withoutCamera", { reason: word(name in WORDS ? name : "camera-other") }));
  }

  /** Read frames while the stream is the one shown. */
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

/** Return the camera's stream, once it is allowed and on. */
async function openCamera() {
  if (!navigator.mediaDevices) throw new DOMException("", "insecure");
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 } },
  });
}

function closeCamera(stream) {
  for (const track of stream.getTracks()) track.stop();
}
