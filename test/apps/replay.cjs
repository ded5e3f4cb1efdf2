const openai = require('openai');

import('./replay-body.js').then(({ replay }) =>
  replay({ OpenAI: openai.OpenAI, AzureOpenAI: openai.AzureOpenAI }),
);
