# What the ritual $2 starts: notes in the folder $1 that it began and, $3 seconds later or when it is asked to end, that it ended.
note() {
  echo "$1 $OVERMIND_MISSION_NAME" >>"$notes"
}
notes=$1/$2.times
trap 'note ended; exit 0' TERM
note begun
sleep "$3" &
wait $!
note ended
