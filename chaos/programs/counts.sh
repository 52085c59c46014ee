# Counts to $2 with pauses of $3 seconds and exits with $4, in the manner of $5. Each number that it has written it notes in the folder
# $1 as well, outside of what Overmind keeps: what is kept can be held against that.
notes=$1/$OVERMIND_MISSION_ID.$OVERMIND_RUN
echo $$ >>"$notes.begun"
case $5 in
  stubborn) trap '' TERM ;;
  leaves) sleep 600 & ;;
  strays) setsid sleep 600 & ;;
  stops-itself) (sleep 0.3; kill -STOP $$; sleep 0.3; kill -CONT $$) & ;;
esac
number=0
while [ $number -lt "$2" ]; do
  number=$((number + 1))
  echo "line $number"
  echo $number >>"$notes.lines"
  [ "$3" = 0 ] || sleep "$3"
done
echo "$4" >"$notes.exit"
exit "$4"
