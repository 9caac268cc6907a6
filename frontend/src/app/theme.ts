import { createTheme, localStorageColorSchemeManager } from '@mantine/core';

/** Colours are in theme.css; here is only what Mantine's components need to know. */
export const theme = createTheme({ primaryColor: 'blue', cursorType: 'pointer', respectReducedMotion: true });

/** Remembers the chosen scheme; without a choice the system's is used. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'thor.color-scheme' });
