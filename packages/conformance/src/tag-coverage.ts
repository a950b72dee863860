import { listSuites, type AnySuite } from "./suites.ts";
import { allTags, tagsShownElsewhere } from "./trap-tags.ts";

/** What shows a promise or avoids a trap. */
export interface TagCoverage {
  readonly tag: string;
  /** The names of the cases that carry the tag. */
  readonly cases: readonly string[];
  /** Where it is shown instead, when no case can. */
  readonly shownElsewhere: string | undefined;
  /** A tag with neither cases nor a reason is a promise that nobody keeps; one with both has a reason that is out of date. */
  readonly isCovered: boolean;
}

/** Every tag, with the cases that show it or the reason why none can. */
export function listTagCoverage(
  suites: readonly AnySuite[] = listSuites(),
): readonly TagCoverage[] {
  return allTags.map((tag) => {
    const cases = suites.flatMap((suite) =>
      suite.cases
        .filter((candidate) => candidate.tags.includes(tag))
        .map((candidate) => candidate.name),
    );
    const shownElsewhere = tagsShownElsewhere[tag];
    return {
      tag,
      cases,
      shownElsewhere,
      isCovered: cases.length > 0 !== (shownElsewhere !== undefined),
    };
  });
}
