/** The archive that the agent searches, and what it is asked. */
export const notes = [
  'Skerry Point, north coast. Built in 1864 of grey granite; 128 steps, 31 metres, 3 keepers until 1987. The lens came from Paris by cart.',
  'Cold Ness, north coast. Built in 1871 after the wreck of the Marianne; 96 steps, 24 metres, 2 keepers until 1979. Its foghorn is kept in the town museum.',
  'Gull Stack, north coast. Built in 1902 on a rock that is an island at high water; 117 steps, 28 metres, 4 keepers until 1991. Supplies came by breeches buoy.',
  'Low Light, south coast. Built in 1848 as a leading light; 41 steps, 12 metres, 1 keeper until 1962. Today it is a bird observatory.',
  'High Light, south coast. Built in 1848 behind the Low Light; 87 steps, 22 metres, 2 keepers until 1962. Ships held the two lights in line to clear the bar.',
  'Saint Brannoc, south coast. Built in 1889 beside a chapel; 74 steps, 19 metres, 2 keepers until 1974. The bell still rings in fog.',
  'Ferry Head, east coast. Built in 1911 of cast iron; 102 steps, 26 metres, 2 keepers until 1983. It was moved 40 paces inland as the cliff fell.',
  'Mare Bank, east coast. A lightship, replaced in 1958 by a tower on piles; 139 steps, 36 metres, 5 keepers until 1995. The last to be automated.',
];

export const questions = [
  'How many steps do the lighthouses of the north coast have together?',
  'How many metres of tower stand on the south coast in all?',
  'How many keepers did the east coast need at one time?',
  'How many steps are there to climb on the south coast?',
  'How many keepers worked on the north coast at one time?',
  'How many metres of tower stand on the east coast in all?',
];
