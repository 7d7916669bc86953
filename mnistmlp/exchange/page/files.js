// Files that are chosen, dropped, pasted or saved.

/** Let a button choose files. */
function wireChooser(button, chooser, take) {
  onClick(button, () => element(chooser).click());
  element(chooser).addEventListener("change", ({ target }) => {
    take([...target.files]);
    target.value = ""; // the same file may be chosen again
  });
}

/** Accept files dropped on the page or pasted. */
function wireDropping(take) {
  const mark = (event, dragging) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", dragging);
  };
  document.addEventListener("dragover", (event) => mark(event, true));
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(event, false);
  });
  document.addEventListener("drop", (event) => {
    mark(event, false);
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => take([...event.clipboardData.files]));
}

/** Offer the user a file to save. */
function download(name, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
