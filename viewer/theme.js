// Before the first paint: the theme that was chosen last; without a choice the system's holds.
const chosen = localStorage.getItem('flowtag.theme');
if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
