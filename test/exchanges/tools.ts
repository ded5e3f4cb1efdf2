/** The one tool that our exchanges offer to the model. */
export const WEATHER_TOOL = {
  name: 'weather_at',
  description: 'The temperature at a place, now.',
  parameters: {
    type: 'object',
    properties: { place: { type: 'string', description: 'A town' } },
    required: ['place'],
    additionalProperties: false,
  },
} as const;
