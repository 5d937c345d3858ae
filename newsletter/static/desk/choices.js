/* Filling in a field that belongs to one of several choices selects that choice. */
document.addEventListener("input", (event) => {
  const choice = event.target.value && document.getElementById(event.target.dataset.selects);
  if (choice) { choice.checked = true; }
});
