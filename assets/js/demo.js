// The demo's own buttons open the chat, through the call that any site can use.
for (const button of document.querySelectorAll("[data-open-chat]")) {
  button.addEventListener("click", () => window.ChatForge?.("open"));
}
