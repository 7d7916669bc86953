// Sample digits to start with: synthetic ones in MNIST's format.

/** Put a button with a picture of each sample into a list; `take` is called with its pixels. */
async function makeSamples(list, data, take) {
  const bytes = await inflate(fromBase64(data));
  for (let digit = 0; digit < DIGITS; digit++) {
    const [button, canvas] = create("button", "canvas");
    Object.assign(canvas, { width: SIDE, height: SIDE });
    const image = bytes.subarray(digit * SIDE * SIDE, (digit + 1) * SIDE * SIDE);
    showImage(canvas, image);
    button.ariaLabel = word("sample", { digit });
    button.append(canvas);
    button.addEventListener("click", () => take(pixelsFrom(image)));
    list.append(button);
  }
}
