# Node runs the TypeScript sources as they are; nothing is built.
FROM node:24-bookworm-slim

# bubblewrap and prlimit make the sandbox; git makes checkouts; the languages are what sandboxed tests run with.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap util-linux git ca-certificates python3 python3-venv golang-go \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY app.yml ./
COPY agents agents
COPY src src

# Everything that outlives the container: database, mirrors, transcripts.
RUN mkdir /data && chown node:node /data
VOLUME /data
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data

USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||3000)+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Young garbage is collected early: each run in flight then costs a few megabytes less (docs/performance.md).
CMD ["node", "--max-semi-space-size=4", "src/main.ts"]
