// Follows a page that changes without being loaded anew.

const LOOK_MS = 500;

// Browsers that do not tell of pushState are asked.
export function watchPage(changed: () => void): () => void {
  let address = location.href;
  const look = () => {
    if (address === location.href) return;
    address = location.href;
    changed();
  };
  const { navigation } = window as { navigation?: EventTarget };
  const timer = navigation ? 0 : setInterval(look, LOOK_MS);
  navigation?.addEventListener("currententrychange", look);
  return () => {
    clearInterval(timer);
    navigation?.removeEventListener("currententrychange", look);
  };
}
