# `sam build` runs this in each function's folder (BuildMethod: makefile): its code, with bytecode that Lambda
# uses as it is.
build-%:
	cp *.py "$(ARTIFACTS_DIR)"
	python3.13 -m compileall -q --invalidation-mode unchecked-hash "$(ARTIFACTS_DIR)"
