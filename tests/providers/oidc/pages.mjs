// What the provider's pages look like.
export const page = (title, content) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,"><h1>${title}</h1>${content}</html>`;
