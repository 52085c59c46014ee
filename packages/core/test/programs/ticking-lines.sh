# Writes numbered lines, one at a time, until the file given is there or as many as asked for.
i=0
while [ "$i" -lt "$2" ] && [ ! -e "$1" ]; do
  echo "line $i"
  i=$((i + 1))
  [ $((i % 20)) -ne 0 ] || sleep 0.01
done
echo "end $i"
