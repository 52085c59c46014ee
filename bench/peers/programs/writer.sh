# Once it is told to, writes numbered lines until there is a file that says stop; in a file of its own it notes each line before it writes it.
echo "$1 $$" >>"$2/up"
[ -e "$2/crashed" ] || read -r _ <"$2/write"
i=0
until [ -e "$2/stop" ]; do
  i=$((i + 1))
  echo "line $$ $i" >>"$2/written"
  echo "line $$ $i"
  sleep 0.01
done
exec sleep 100000
