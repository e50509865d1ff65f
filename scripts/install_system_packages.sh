#!/bin/sh
# Debian packages that the browser and database tests use. Where they cannot be had those tests skip and say why.
set -u
wanted=""
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium"
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || wanted="$wanted fonts-noto-cjk"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || wanted="$wanted postgresql"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed here:$wanted (their tests will skip)"
    exit 0
fi
echo "installing$wanted"
export DEBIAN_FRONTEND=noninteractive
{ apt-get -qq update && apt-get -qq install -y --no-install-recommends $wanted; } >/tmp/metropool-apt.log 2>&1 ||
    echo "could not install$wanted (their tests will skip); see /tmp/metropool-apt.log"
exit 0
