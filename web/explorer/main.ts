const root = document.getElementById("root");
if (root !== null) root.textContent = "The explorer comes here.";
