/**
 * What the shell of a host is told, for what is more than one step.
 *
 * Invariant: a script never changes; what it is about are its arguments, `$1` and on, which no shell
 * reads as anything but words. Pure.
 *
 * @module
 */

/** In the folder of everything; the name of who deploys is in it. */
export const LOCK_FILE = "lock";
/** How `LOCK` ends when somebody else has it. */
export const TAKEN = 75;

export const RECEIVE = `set -e
umask 022
rm -rf "$1"
mkdir -p "$1/app"
tar -x --no-same-owner --no-same-permissions -C "$1/app" -f -`;

export const WRITE = `set -e
umask 077
cat > "$1"
chmod "$2" "$1"`;

export const INSTALL = `set -e
umask 022
cd "$1/app"
mkdir -p "$2"
export DENO_DIR="$2" NO_COLOR=1
shift 2
deno=$1
shift
"$deno" install --quiet --frozen --entrypoint "$@" >&2`;

/** Not by `echo`, which reads backslashes in some shells. */
export const FIND = `cd "$1" 2>/dev/null || exit 0
for record in releases/*/release.json; do
  [ -f "$record" ] && printf 'record %s\\n' "$(cat "$record")"
done
for link in current/*; do
  [ -L "$link" ] && printf 'current %s %s\\n' "\${link#current/}" "$(basename "$(readlink "$link")")"
done
exit 0`;

export const RECORD = `set -e
[ -d "$1" ] || exit 0
cat > "$1/.release.json"
mv "$1/.release.json" "$1/release.json"`;

/** What deployments have left that were killed: not whole, or not written down and run by nobody. */
export const SWEEP = `set -e
cd "$1/releases" 2>/dev/null || exit 0
rm -rf .*.partial
for release in *-*T*Z-*; do
  [ -d "$release" ] && [ ! -e "$release/release.json" ] || continue
  for link in ../current/*; do
    if [ "$(basename "$(readlink "$link")")" = "$release" ]; then continue 2; fi
  done
  rm -rf "$release"
done`;

/** Renaming a link over a link is one step. Says so when the unit is another than before. */
export const SWITCH = `set -e
mkdir -p "$(dirname "$2")"
ln -sfn "$1" "$2.next"
mv -T "$2.next" "$2"
if ! cmp -s "$1/$3" "$4/$3"; then
  install -m 644 "$1/$3" "$4/$3"
  echo changed
fi`;

export const LOCK = `set -e
mkdir -p "$1"
exec 9>>"$1/${LOCK_FILE}"
flock -n 9 || exit ${TAKEN}
echo "$2" > "$1/${LOCK_FILE}"
cat`;

/** What it is handed besides comes by its input, where nobody else sees it. */
export const TASK = `set -e
cd "$1/app"
set -a
. "$1/$2"
. "$1/$3"
eval "$(cat)"
DENO_DIR=$4
NO_COLOR=1
set +a
shift 4
exec "$@"`;
