/* Lets users drop files onto the Smart Paste form. Without this script they choose files with the button. */
(() => {
  'use strict';

  const form = document.getElementById('smart-paste');
  const input = form?.querySelector('input[type=file]');
  if (!input) {
    return;
  }
  const text = form.querySelector('textarea');
  const panel = form.querySelector('[data-files]');
  const list = form.querySelector('[data-file-list]');
  // Room for the other fields of the form, in bytes
  const RESERVE = 64 * 1024;
  // Number of elements of the form that the pointer has entered: entering a child also leaves its parent.
  let entered = 0;

  const holdsFiles = event => Array.from(event.dataTransfer?.types ?? []).includes('Files');

  function highlight(on) {
    form.classList.toggle('border', on);
    form.classList.toggle('border-primary', on);
    form.classList.toggle('rounded', on);
  }

  function choose(files) {
    const chosen = new DataTransfer();
    for (const file of files) {
      chosen.items.add(file);
    }
    input.files = chosen.files;
    show();
  }

  // Add files to those already chosen; a file that is added twice is kept once.
  function add(files) {
    const known = new Map(Array.from(input.files).map(file => [`${file.name}/${file.size}/${file.lastModified}`, file]));
    for (const file of files) {
      known.set(`${file.name}/${file.size}/${file.lastModified}`, file);
    }
    choose(known.values());
  }

  function line(text, className) {
    const item = document.createElement('li');
    item.className = className;
    item.textContent = text;
    list.append(item);
  }

  // Return the reasons why the server would refuse the whole request and lose its input. An empty limit means no limit.
  function problems() {
    const { maxFiles, maxText, tooMany, tooLong } = form.dataset;
    const found = [];
    if (maxFiles && input.files.length > Number(maxFiles)) {
      found.push(tooMany);
    }
    if (maxText && new Blob([text.value]).size > Number(maxText) - RESERVE) {
      found.push(tooLong);
    }
    return found;
  }

  function show() {
    const files = Array.from(input.files);
    const found = problems();
    list.replaceChildren();
    panel.hidden = files.length === 0 && found.length === 0;
    for (const problem of found) {
      line(problem, 'text-danger');
    }
    for (const file of files) {
      const large = file.size > Number(form.dataset.maxBytes);
      line(large ? `${file.name} ${form.dataset.tooLarge}` : file.name, large ? 'text-danger' : '');
    }
  }

  form.addEventListener('dragenter', event => {
    if (holdsFiles(event)) {
      event.preventDefault();
      entered += 1;
      highlight(true);
    }
  });
  form.addEventListener('dragleave', event => {
    if (holdsFiles(event)) {
      entered = Math.max(entered - 1, 0);
      highlight(entered > 0);
    }
  });
  form.addEventListener('dragover', event => {
    if (holdsFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    }
  });
  form.addEventListener('drop', event => {
    entered = 0;
    highlight(false);
    if (holdsFiles(event)) {
      event.preventDefault();
      add(event.dataTransfer.files);
    }
  });
  // Files copied in a file manager
  form.addEventListener('paste', event => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      add(event.clipboardData.files);
    }
  });
  input.addEventListener('change', show);
  form.querySelector('[data-file-clear]').addEventListener('click', () => choose([]));
  form.addEventListener('submit', event => {
    if (problems().length) {
      event.preventDefault();
      show();
      list.scrollIntoView({ block: 'center' });
    }
  });
  // The browser may keep the chosen files when the page is reloaded.
  show();
})();
