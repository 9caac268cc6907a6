import classes from './choice.module.css';

interface ChoiceProps<T extends string> {
  /** What is chosen, for those who do not see it. */
  label: string;
  /** Values with their words. */
  options: readonly (readonly [value: T, word: string])[];
  value: T;
  onChange: (value: T) => void;
  title?: string;
  shortcut?: string;
}

/** One of a few, as buttons beside each other. */
export function Choice<T extends string>({ label, options, value, onChange, title, shortcut }: ChoiceProps<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a line everywhere
    <div className={classes.choice} role="group" aria-label={label} title={title} aria-keyshortcuts={shortcut}>
      {options.map(([each, word]) => (
        <button
          key={each}
          type="button"
          className={classes.option}
          aria-pressed={each === value}
          onClick={() => onChange(each)}
        >
          {word}
        </button>
      ))}
    </div>
  );
}
