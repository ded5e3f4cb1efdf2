// node examples/local-openai/main.ts [port]
import { startLocalOpenai } from './server.ts';

const { baseURL } = await startLocalOpenai(Number(process.argv[2] ?? 8080));
console.log(`OPENAI_BASE_URL=${baseURL} OPENAI_API_KEY=none`);
