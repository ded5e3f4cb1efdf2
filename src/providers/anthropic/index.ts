export { ChatChunks, chatAnswerOf, chatRequestOf, messagesBody } from './messages.ts';
