# Once it is told to, writes a file and then a last line.
echo "$1 $$" >>"$2/up"
read -r _ <"$2/flood"
dd if="$2/lines" bs=64k status=none
echo the-end
exec sleep 100000
