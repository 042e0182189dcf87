-- One repository with its submodules, the others without.
update repositories set submodules = true where id = (select min(id) from repositories);
