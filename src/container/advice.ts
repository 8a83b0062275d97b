/** What keeps a container from being a box, told from the words of engine, shell and loader, and what to do about it. */
const hindrances: readonly { readonly words: RegExp; readonly advice: string }[] = [
  {
    words: /GLIBC(?:XX)?_[\d.]+' not found/,
    advice:
      'The C library of the image is too old for the tool host’s Node, which needs glibc 2.28: use a newer image.',
  },
  {
    words: /backend\/bin\/node:? .*(?:required file not found|No such file or directory)/,
    advice:
      'The image has no glibc, which the tool host’s Node needs (images made from Alpine have musl): use one made from Debian, Ubuntu or Fedora.',
  },
  { words: /the image has no git/, advice: 'The image has no git in /usr/bin or /bin: use an image that has it.' },
  {
    words: /\/bin\/bash.*(?:no such file|not found)/i,
    advice: 'The image has no /bin/bash: use an image that has it.',
  },
  {
    words: /cgroup/i,
    advice:
      'The engine cannot limit a container’s processes, memory and processors here. For an ordinary user this takes version 2 of cgroups with the controllers cpu, memory and pids given to that user (systemd: Delegate=cpu memory pids).',
  },
  {
    words: /subuid|subgid|newuidmap/i,
    advice:
      'Podman has no user numbers to give away. Give it some with: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER',
  },
];

/** What to do when one of them said this; undefined when their words say it all. */
export function adviseOn(complaint: string): string | undefined {
  return hindrances.find(({ words }) => words.test(complaint))?.advice;
}
