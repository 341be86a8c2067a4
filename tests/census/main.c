/* A program in C that prints the census of the Rust library it is linked with. */
void census_print(void);

int main(void) {
    census_print();
    return 0;
}
